#!/bin/bash
# make_base.sh TAR: a small Debian of this machine's release as an archive of its
# root file system, with its security updates. For where no registry is at hand;
# does nothing where the archive is there.
source "$(dirname "$0")/environment.sh"

archive=$1
if [[ -f $archive ]]; then exit 0; fi
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
log=/tmp/stagebeam-base.log

say "making a base image of Debian $release with debootstrap"
mkdir -p "$(dirname "$archive")"
root=$(mktemp -d "$(dirname "$archive")/base-XXXXXX")
trap 'rm -rf "$root"' EXIT
quietly "$log" debootstrap --variant=minbase "$release" "$root" "$mirror"

cat >"$root/etc/apt/sources.list" <<EOF
deb $mirror $release main
deb $mirror $release-updates main
deb $security $release-security main
EOF
# Manuals and translations are for people who sit at a machine.
cat >"$root/etc/dpkg/dpkg.cfg.d/no-manuals" <<EOF
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
EOF
inside() { DEBIAN_FRONTEND=noninteractive quietly "$log" chroot "$root" "$@"; }
inside apt-get update
inside apt-get upgrade -y
inside apt-get clean
find "$root"/usr/share/doc -type f ! -name copyright -delete
rm -rf "$root"/usr/share/{info,locale,man}/* "$root"/var/lib/apt/lists/* \
  "$root"/var/cache/apt/*.bin "$root"/var/log/*
tar -C "$root" --numeric-owner --one-file-system -cf "$archive.draft" .
mv "$archive.draft" "$archive"
