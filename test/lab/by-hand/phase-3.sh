#!/bin/bash
# The owner's plan of 2026-02-11, phase 3, its command blocks unedited: what a host looks like that was prepared by hand.

# Ross runs as UID 1000 inside container, mapped to 101000 on host via userns-remap
setfacl -R -m u:101000:rwx /root/.openclaw/
setfacl -R -d -m u:101000:rwx /root/.openclaw/
setfacl -R -m u:101000:rwx /root/openclaw-watchdog/
setfacl -R -d -m u:101000:rwx /root/openclaw-watchdog/

cat > /etc/cron.d/openclaw-acls << 'EOF'
# Re-apply ACLs every 10 minutes for Ross's access
*/10 * * * * root setfacl -R -m u:101000:rwx /root/.openclaw/ 2>/dev/null; setfacl -R -m u:101000:rwx /root/openclaw-watchdog/ 2>/dev/null
EOF

# The plan says in prose: add these to Ross's existing docker-compose.yml.
sed -i '/^        target: \/data$/a\
      - /root/.openclaw:/host/jack-config:rw               # Jack'"'"'s config files\
      - /root/openclaw-watchdog/flags:/host/watchdog-flags:rw  # Flag file drop zone\
      - /root/openclaw-backups:/host/jack-backups:ro        # Jack'"'"'s backup copies (read-only)' \
  /root/openclaw-clients/ross/docker-compose.yml

cd /root/openclaw-clients/ross
docker compose down && docker compose up -d

docker exec openclaw-ross ls -la /host/jack-config/openclaw.json
docker exec openclaw-ross ls -la /host/watchdog-flags/
docker exec openclaw-ross ls -la /host/jack-backups/
