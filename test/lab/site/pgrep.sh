#!/bin/sh
# pgrep -f PATTERN, which Debian's busybox does not have and the bots' real image does.
[ "$1" = -f ] && shift
status=1
for directory in /proc/[0-9]*; do
  [ "${directory#/proc/}" = $$ ] && continue
  if tr '\0' ' ' < "$directory/cmdline" 2> /dev/null | grep -q -e "$1"; then
    echo "${directory#/proc/}"
    status=0
  fi
done
exit $status
