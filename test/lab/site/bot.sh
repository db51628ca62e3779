#!/bin/sh
# The bots' program inside their containers: a lab stand-in of OpenClaw made of busybox alone.
case "$1 $2" in
'gateway ' | 'gateway run')
  # The process that serves is the container's first: stop it, and nothing answers any more. Its command line holds
  # "openclaw", which the plan's `pgrep -f openclaw` looks for.
  exec busybox httpd -f -p 18789 -h /srv/openclaw
  ;;
'health '*) exec wget -q -T 5 -O - http://127.0.0.1:18789/healthz ;;
'--version '*) echo 'OpenClaw 2026.9.6 (lab stand-in for containers)' ;;
*)
  echo "error: unknown command '$1'" >&2
  exit 1
  ;;
esac
