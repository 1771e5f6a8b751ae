#!/bin/sh
# Writes this container's own part of the configuration (README.md) from its environment, and becomes Asterisk.
set -eu

local_conf=/etc/asterisk/local
umask 077

# A secret comes as a value or, better, as a file (<NAME>_FILE). It ends up in a line of a configuration
# file, so it may hold nothing that has a meaning there.
secret() {
  eval "value=\${$1:-} file=\${$1_FILE:-}"
  [ -z "$file" ] || value=$(cat "$file")
  case $value in
    '') echo "$1 or $1_FILE must be set" >&2; exit 64 ;;
    *[!A-Za-z0-9_-]*) echo "$1 may hold letters, digits, _ and - only" >&2; exit 64 ;;
  esac
  printf %s "$value"
}

ami_secret=$(secret PATCHBAY_PBX_AMI_SECRET)
ari_secret=$(secret PATCHBAY_PBX_ARI_SECRET)

cat >"$local_conf/manager.conf" <<EOF
[general](+)
bindaddr = 0.0.0.0
port = 5038

[patchbay](patchbay-account)
secret = $ami_secret
; The networks that container engines make. AMI's port is not published.
permit = 10.0.0.0/255.0.0.0
permit = 172.16.0.0/255.240.0.0
permit = 192.168.0.0/255.255.0.0
EOF

cat >"$local_conf/ari.conf" <<EOF
[patchbay](patchbay-account)
password = $ari_secret
EOF

cat >"$local_conf/http.conf" <<EOF
[general](+)
bindaddr = 0.0.0.0
bindport = 8088
EOF

# Phones are outside the container: they are told the host's address, when it is known.
nat() {
  [ -n "${PATCHBAY_PBX_EXTERNAL_ADDRESS:-}" ] || return 0
  echo "external_signaling_address = $PATCHBAY_PBX_EXTERNAL_ADDRESS"
  echo "external_media_address = $PATCHBAY_PBX_EXTERNAL_ADDRESS"
  echo "local_net = 172.16.0.0/12"
}

{
  for protocol in udp tcp; do
    printf '[transport-%s]\ntype = transport\nprotocol = %s\nbind = 0.0.0.0:5060\n' "$protocol" "$protocol"
    nat
    echo
  done
  printf '[transport-ws]\ntype = transport\nprotocol = ws\nbind = 0.0.0.0\n'
} >"$local_conf/transports.conf"

# Every published port costs the engine a rule or a process, so there are few: two for each call's two sides.
cat >"$local_conf/rtp.conf" <<EOF
[general](+)
rtpstart = ${PATCHBAY_PBX_RTP_START:-10000}
rtpend = ${PATCHBAY_PBX_RTP_END:-10199}
EOF

exec asterisk -f "$@"
