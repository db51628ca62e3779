#!/bin/bash
# The owner's plan of 2026-02-11, phase 5, its command blocks unedited: what a host looks like that was prepared by hand.

# Add live-restore to Docker daemon config
# First check what's already there:
cat /etc/docker/daemon.json

# Then add "live-restore": true (merge with existing config)
# For example if it currently has userns-remap:
cat > /etc/docker/daemon.json << 'EOF'
{
  "userns-remap": "default",
  "live-restore": true
}
EOF

systemctl restart docker

# The plan says in prose: add this to Ross's docker-compose.yml.
sed -i '/^volumes:/i\
    healthcheck:\
      test: ["CMD", "pgrep", "-f", "openclaw"]\
      interval: 30s\
      timeout: 10s\
      retries: 3\
      start_period: 60s\
' /root/openclaw-clients/ross/docker-compose.yml

cat > /etc/cron.daily/openclaw-disk-check << 'DISKEOF'
#!/bin/bash
USAGE=$(df / | tail -1 | awk '{print $5}' | tr -d '%')
if [ "$USAGE" -gt 85 ]; then
    docker system prune -f 2>/dev/null
    journalctl --vacuum-size=100M
    # Clean old session files
    find /root/.openclaw/agents/main/sessions/ -mtime +7 -delete 2>/dev/null
    echo "[$(date)] Disk was at ${USAGE}% — cleaned up" >> /root/openclaw-watchdog/watchdog.log
fi
DISKEOF
chmod +x /etc/cron.daily/openclaw-disk-check

systemctl is-enabled openclaw-jack.service          # should say "enabled"
systemctl is-enabled openclaw-revive-jack.path       # should say "enabled"
systemctl is-enabled openclaw-revive-john.path       # should say "enabled"
systemctl is-enabled docker                           # should say "enabled"
