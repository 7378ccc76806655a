#ifndef STAGEBEAM_LIBS_REMOTE_RETRY_BUDGET_H_
#define STAGEBEAM_LIBS_REMOTE_RETRY_BUDGET_H_

namespace stagebeam::remote {

// Bounds retries over many calls, so that they cannot multiply the load of
// services that fail: a retry takes one token, a success puts back a part of
// one.
//
// Not thread-safe.
class RetryBudget {
 public:
  // Starts full, with `capacity` tokens.
  RetryBudget(double capacity, double tokens_per_success)
      : capacity_(capacity),
        tokens_per_success_(tokens_per_success),
        tokens_(capacity) {}

  // Takes a token; false where none is left.
  bool TryTake();
  void Succeeded();

 private:
  double capacity_;
  double tokens_per_success_;
  double tokens_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_RETRY_BUDGET_H_
