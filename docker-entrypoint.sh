#!/bin/sh
# A container is given its secrets as files (<NAME>_FILE), and Patchbay reads its environment alone.
set -eu

for name in DATABASE_URL PATCHBAY_SECRET_KEY PATCHBAY_PBX_AMI_SECRET PATCHBAY_PBX_ARI_SECRET; do
  eval "file=\${${name}_FILE:-}"
  [ -z "$file" ] || export "$name=$(cat "$file")"
done

exec "$@"
