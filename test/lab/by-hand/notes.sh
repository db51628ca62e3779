#!/bin/bash
# The owner's real host, as the Implementation Notes of the plan tell it: ACLs on three directories, Ross's own health
# check. Phase 1 (notes-phase-1.sh) and phases 2, 3 and 4 have run.
set -e

# Phase 2's services name the unit that the plan had; he put in the one that he has.
sed -i 's/systemctl restart openclaw-jack.service/XDG_RUNTIME_DIR=\/run\/user\/0 systemctl --user restart openclaw-gateway.service/' \
  /etc/systemd/system/openclaw-revive-jack.service
systemctl daemon-reload

for directory in /root/.openclaw/ /root/openclaw-watchdog/ /root/openclaw-backups/; do
  setfacl -R -m u:101000:rwx $directory
  setfacl -R -d -m u:101000:rwx $directory
done

# Ross already had a health check of his own in docker-compose.yml.
sed -i '/^volumes:/i\
    healthcheck: # asks him, not just whether he is there\
      test: ["CMD-SHELL", "wget -q -T 5 -O /dev/null http://127.0.0.1:18789/healthz"]\
      interval: 20s\
      timeout: 10s\
      retries: 3\
' /root/openclaw-clients/ross/docker-compose.yml
(cd /root/openclaw-clients/ross && docker compose --progress quiet up -d)
