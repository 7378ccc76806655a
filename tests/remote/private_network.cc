#include "tests/remote/private_network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace stagebeam::remote {
namespace {

absl::Status Denied(const char* what) {
  return absl::PermissionDeniedError(
      absl::StrCat(what, ": ", std::strerror(errno)));
}

// Root of a user namespace may do what root may, to its own namespaces.
absl::Status BecomeRoot() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (uid == 0) return absl::OkStatus();
  if (unshare(CLONE_NEWUSER) != 0) return Denied("unshare user");
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  return geteuid() == 0 ? absl::OkStatus() : Denied("map of users");
}

absl::Status RaiseLoopback() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request = {};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP;
  const bool raised = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  const absl::Status status =
      raised ? absl::OkStatus() : Denied("loopback device");
  close(fd);
  return status;
}

}  // namespace

absl::Status EnterPrivateNetwork(const std::string& resolv_conf) {
  if (absl::Status root = BecomeRoot(); !root.ok()) return root;
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) return Denied("unshare");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Denied("private mounts");
  }
  if (mount(resolv_conf.c_str(), "/etc/resolv.conf", nullptr, MS_BIND,
            nullptr) != 0) {
    return Denied("mount over /etc/resolv.conf");
  }
  return RaiseLoopback();
}

}  // namespace stagebeam::remote
