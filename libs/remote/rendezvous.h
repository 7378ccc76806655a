#ifndef STAGEBEAM_LIBS_REMOTE_RENDEZVOUS_H_
#define STAGEBEAM_LIBS_REMOTE_RENDEZVOUS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stagebeam::remote {

// Indices of `addresses`, best first, by highest random weight of (key,
// address): the same in every process, and where an address comes or goes only
// the keys move whose first choice it is. (Thaler and Ravishankar, "A
// Name-Based Mapping Scheme for Rendezvous", 1996.)
std::vector<size_t> RendezvousOrder(std::string_view key,
                                    std::span<const std::string> addresses);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_RENDEZVOUS_H_
