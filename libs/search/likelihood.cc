#include "libs/search/likelihood.h"

#include <cmath>
#include <limits>

namespace stagebeam::search {

double PerToken(double logprob, int token_count) {
  if (token_count == 0 || std::isnan(logprob))
    return -std::numeric_limits<double>::infinity();
  return logprob / token_count;
}

}  // namespace stagebeam::search
