#!/bin/bash
# Jack's watchdog. Runs from cron every 5 minutes.
# If the gateway does not answer and its config is broken, the newest good copy is put back.
# - Coach, 2025-11-30

CONFIG=/root/.openclaw/openclaw.json
BACKUPS=/root/openclaw-backups/jack
EXTERNAL=/root/openclaw-backups/external
LOG=/root/openclaw-watchdog/watchdog.log
COUNT=/root/openclaw-watchdog/restores
MAX_PER_HOUR=2

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

log() { echo "[$(date)] $*" >> "$LOG"; }

alert() {
  [ -r /root/openclaw-watchdog/telegram.env ] || return 0
  . /root/openclaw-watchdog/telegram.env
  curl -fs -m 10 "${TELEGRAM_API:-https://api.telegram.org}/bot$BOT_TOKEN/sendMessage" \
    --data-urlencode "chat_id=$CHAT_ID" --data-urlencode "text=$1" > /dev/null || log "alert not sent: $1"
}

valid() { openclaw_config_ok "$1"; }

# The gateway's own reader where there is one: the config has comments, which jq would refuse.
openclaw_config_ok() {
  [ -s "$1" ] || return 1
  if command -v openclaw > /dev/null; then
    OPENCLAW_CONFIG_PATH="$1" timeout 30 openclaw config validate > /dev/null 2>&1
  else
    jq -e . "$1" > /dev/null 2>&1
  fi
}

curl -fs -m 5 http://127.0.0.1:18789/healthz > /dev/null && exit 0
valid "$CONFIG" && exit 0

NOW=$(date +%s)
touch "$COUNT"
awk -v since=$((NOW - 3600)) '$1 > since' "$COUNT" > "$COUNT.new" && mv "$COUNT.new" "$COUNT"
if [ "$(wc -l < "$COUNT")" -ge "$MAX_PER_HOUR" ]; then
  log "config is broken, but it was restored $MAX_PER_HOUR times this hour: not touching it"
  alert "Jack's config is broken again after $MAX_PER_HOUR restores in an hour. Please look."
  exit 1
fi

for source in "$CONFIG.bak" "$CONFIG.bak.1" "$CONFIG.bak.2" "$CONFIG.bak.3" "$CONFIG.bak.4" \
  "$(ls -t "$BACKUPS"/hourly/*.json 2> /dev/null | head -1)" \
  "$(ls -t "$BACKUPS"/daily/*.json 2> /dev/null | head -1)" \
  "$(ls -t "$EXTERNAL"/*.json 2> /dev/null | head -1)"; do
  [ -n "$source" ] && valid "$source" || continue
  cp -p "$CONFIG" "$CONFIG.broken.$NOW"
  cp "$source" "$CONFIG"
  echo "$NOW $source" >> "$COUNT"
  log "config was broken, restored from $source"
  alert "Jack's config was broken. I restored it from $source."
  exit 0
done

log "config is broken and no backup is good"
alert "URGENT: Jack's config is broken and no backup is good."
exit 1
