#!/bin/bash
# The owner's plan of 2026-02-11, phase 1, its command blocks unedited (but for the optional test): what a host looks like that was prepared by hand.

cat > /etc/systemd/system/openclaw-jack.service << 'EOF'
[Unit]
Description=OpenClaw Gateway (Jack)
After=network-online.target docker.service
Wants=network-online.target

[Service]
Type=simple
ExecStart=/usr/bin/openclaw gateway
Restart=always
RestartSec=5
StartLimitIntervalSec=300
StartLimitBurst=5
WorkingDirectory=/root/.openclaw
Environment=HOME=/root

[Install]
WantedBy=multi-user.target
EOF

# Find and kill the current openclaw gateway process
pkill -f "openclaw gateway" || true

systemctl daemon-reload
systemctl enable openclaw-jack.service
systemctl start openclaw-jack.service

systemctl status openclaw-jack.service
openclaw health --json
