#!/bin/bash
# Copies of Jack's config: snapshot.sh hourly|daily. Keeps 48 hourly and 30 daily ones.
KIND=$1
DIRECTORY=/root/openclaw-backups/jack/$KIND
mkdir -p "$DIRECTORY"
cp -p /root/.openclaw/openclaw.json "$DIRECTORY/openclaw-$(date +%Y%m%d-%H%M).json"
case $KIND in hourly) KEEP=48 ;; *) KEEP=30 ;; esac
ls -t "$DIRECTORY"/*.json | tail -n +$((KEEP + 1)) | xargs -r rm -f
