#!/bin/bash
# The owner's plan of 2026-02-11, phase 4, its command blocks unedited: what a host looks like that was prepared by hand.

cat > /root/openclaw-clients/ross/workspace/WATCHDOG_PROTOCOL.md << 'WATCHDOGEOF'
# Watchdog Protocol — How to Revive Jack

You are Ross, Jack's watchdog. Every heartbeat, check Jack's health and follow this protocol.

## Step 1: Check if Jack is Alive
- Try to reach Jack via BOT_CHAT — send a ping, wait for response
- If Jack responds → he's fine, stop here
- If Jack doesn't respond within 2 heartbeat cycles → proceed to Step 2

## Step 2: Check Jack's Config
- Read `/host/jack-config/openclaw.json`
- Is it valid JSON? (Can you parse it without errors?)
- Does it contain a `channels` section with `telegram`?
- If YES to both → config looks OK, Jack might just need a restart → go to Step 4
- If NO → config is broken → go to Step 3

## Step 3: Restore Jack's Config
Try these backup sources IN ORDER (stop at the first good one):
1. `/host/jack-config/openclaw.json.bak`
2. `/host/jack-config/openclaw.json.bak.1`
3. `/host/jack-config/openclaw.json.bak.2`
4. `/host/jack-config/openclaw.json.bak.3`
5. `/host/jack-config/openclaw.json.bak.4`
6. Most recent file in `/host/jack-backups/jack/`

For each backup:
- Read it — is it valid JSON with a `channels.telegram` section?
- If YES → copy it over `/host/jack-config/openclaw.json`
- If NO → skip it, try the next one

If NO backup is valid → alert Coach on Telegram: "URGENT: All Jack backups are invalid. Manual intervention needed."

## Step 4: Trigger Jack Restart
- Write a file: `touch /host/watchdog-flags/revive-jack.flag`
- This will cause the host to restart Jack within seconds
- Wait 30 seconds, then try to reach Jack via BOT_CHAT again

## Step 5: Report
- If Jack is back → post to Telegram: "Jack was down. I restored his config and restarted him. He's back online."
- If Jack is still down → post to Telegram: "Jack is still down after restore attempt. Coach may need to intervene."

## Rules
- Do NOT attempt more than 2 revival attempts per hour (to prevent loops)
- Always post to Telegram so Coach has visibility
- If you restore a config, mention WHICH backup you used
WATCHDOGEOF

# Add watchdog check to Ross's heartbeat routine
# (This gets appended to his existing HEARTBEAT.md)
cat >> /root/openclaw-clients/ross/workspace/HEARTBEAT.md << 'EOF'

## Watchdog Duty
- Read WATCHDOG_PROTOCOL.md and follow it
- Check if Jack is alive and healthy
- If Jack is down, follow the revival steps
EOF
