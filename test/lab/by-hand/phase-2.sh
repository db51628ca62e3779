#!/bin/bash
# The owner's plan of 2026-02-11, phase 2, its command blocks unedited (but for the test): what a host looks like that was prepared by hand.

mkdir -p /root/openclaw-watchdog/flags

cat > /etc/systemd/system/openclaw-revive-jack.path << 'EOF'
[Unit]
Description=Watch for Jack revive flag from Ross

[Path]
PathExists=/root/openclaw-watchdog/flags/revive-jack.flag
MakeDirectory=yes

[Install]
WantedBy=multi-user.target
EOF

cat > /etc/systemd/system/openclaw-revive-jack.service << 'EOF'
[Unit]
Description=Revive Jack triggered by watchdog flag

[Service]
Type=oneshot
ExecStart=/bin/bash -c '\
  echo "[$(date)] Revive flag detected — restarting Jack" >> /root/openclaw-watchdog/watchdog.log; \
  rm -f /root/openclaw-watchdog/flags/revive-jack.flag; \
  systemctl restart openclaw-jack.service; \
  echo "[$(date)] Jack restarted via flag" >> /root/openclaw-watchdog/watchdog.log'
EOF

systemctl daemon-reload
systemctl enable --now openclaw-revive-jack.path

cat > /etc/systemd/system/openclaw-revive-john.path << 'EOF'
[Unit]
Description=Watch for John revive flag from Ross

[Path]
PathExists=/root/openclaw-watchdog/flags/revive-john.flag
MakeDirectory=yes

[Install]
WantedBy=multi-user.target
EOF

cat > /etc/systemd/system/openclaw-revive-john.service << 'EOF'
[Unit]
Description=Revive John triggered by watchdog flag

[Service]
Type=oneshot
ExecStart=/bin/bash -c '\
  echo "[$(date)] Revive John flag detected" >> /root/openclaw-watchdog/watchdog.log; \
  rm -f /root/openclaw-watchdog/flags/revive-john.flag; \
  docker restart openclaw-john; \
  echo "[$(date)] John container restarted via flag" >> /root/openclaw-watchdog/watchdog.log'
EOF

systemctl daemon-reload
systemctl enable --now openclaw-revive-john.path
