#ifndef STAGEBEAM_LIBS_SEARCH_LIKELIHOOD_H_
#define STAGEBEAM_LIBS_SEARCH_LIKELIHOOD_H_

namespace stagebeam::search {

// Log-probability per token, by which candidates of any length compare; minus
// infinity where there is none to speak of: no tokens, or NaN.
double PerToken(double logprob, int token_count);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_LIKELIHOOD_H_
