#!/bin/sh
# Makes a bare host what its owner had before heal came: runs once, inside, with this directory at /root/lab-site.
# $1 is where dockremap's range of uids begins, $2 is "bots" or "no-bots".
set -eu
umask 022
here=/root/lab-site

# Jack: his config with five copies, sessions, workspace and secrets, with the modes that OpenClaw gives them.
jack=/root/.openclaw
mkdir -p $jack/agents/main/sessions $jack/workspace $jack/credentials $jack/logs $jack/cache
chmod 0700 $jack $jack/agents $jack/agents/main $jack/agents/main/sessions $jack/credentials
for copy in '' .bak .bak.1 .bak.2 .bak.3 .bak.4; do install -m 0600 $here/openclaw.json5 $jack/openclaw.json$copy; done
for n in 1 2 3; do
  for turn in 1 2 3; do
    echo "{\"type\":\"message\",\"turn\":$turn,\"text\":\"session $n\"}"
  done > $jack/agents/main/sessions/session-$n.jsonl
done
echo '{"type":"message","text":"finished"}' > $jack/agents/main/sessions/session-0.jsonl.deleted.2025-12-01T00-00-00.000Z
touch -d '60 days ago' $jack/agents/main/sessions/session-0.jsonl.deleted.* $jack/agents/main/sessions/session-1.jsonl
chmod 0600 $jack/agents/main/sessions/*
echo '# What Jack knows' > $jack/workspace/MEMORY.md
echo '{"token":"lab-secret"}' > $jack/credentials/telegram.json
chmod 0600 $jack/credentials/telegram.json
sqlite3 $jack/memory.sqlite 'pragma journal_mode=wal; create table fact(id integer primary key, text); insert into fact(text) values ("one"), ("two");' > /dev/null

# What watches over him already.
mkdir -p /root/openclaw-watchdog /root/openclaw-backups/jack/hourly /root/openclaw-backups/jack/daily /root/openclaw-backups/external
install -m 0755 $here/watchdog.sh /root/openclaw-watchdog/watchdog.sh
install -m 0755 $here/snapshot.sh /root/openclaw-backups/snapshot.sh
install -m 0644 $here/cron /etc/cron.d/openclaw-watchdog
for stamp in 20260210-0307 20260210-0407 20260210-0507; do
  install -m 0600 $here/openclaw.json5 /root/openclaw-backups/jack/hourly/openclaw-$stamp.json
done
install -m 0600 $here/openclaw.json5 /root/openclaw-backups/jack/daily/openclaw-20260209-0323.json

# Docker with its uids shifted: uid 1000 of a container is $1 + 1000 out here.
useradd --system --user-group --no-create-home --shell /usr/sbin/nologin dockremap
for file in /etc/subuid /etc/subgid; do
  sed -i '/^dockremap:/d' $file 2> /dev/null || :
  echo "dockremap:$1:65536" >> $file
done
mkdir -p /etc/docker
printf '{\n  "userns-remap": "default"\n}\n' > /etc/docker/daemon.json
systemctl enable --quiet --now docker

# An image from no registry.
image=$(mktemp -d)
mkdir -p $image/bin $image/tmp $image/srv/openclaw $image/etc $image/data $image/home/node/.openclaw/workspace
chmod 0755 $image
chmod 1777 $image/tmp
cp /bin/busybox $image/bin/busybox
for applet in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox $image/bin/$applet; done
install -m 0755 $here/bot.sh $image/bin/openclaw
install -m 0755 $here/pgrep.sh $image/bin/pgrep
echo 'node:x:1000:1000::/home/node:/bin/sh' > $image/etc/passwd
echo 'node:x:1000:' > $image/etc/group
printf '{"ok":true,"status":"live"}' > $image/srv/openclaw/healthz
chown -R 1000:1000 $image/data $image/home/node
tar -C $image -cf $image.tar .
import() { docker import -c 'ENV PATH=/bin' -c 'ENV HOME=/home/node' -c 'CMD ["openclaw", "gateway"]' "$@" $image.tar openclaw:lab > /dev/null; }
# The first process of a container ignores TERM, and every stop would take 10 s. Docker 20.10 cannot be told here.
import -c 'STOPSIGNAL SIGKILL' 2> /dev/null || import
rm -rf $image $image.tar

[ "$2" = bots ] || exit 0
for bot in john ross; do
  directory=/root/openclaw-clients/$bot
  mkdir -p $directory/workspace
  cp $here/$bot.yml $directory/docker-compose.yml
  echo "# $bot's notes" > $directory/workspace/notes.md
done
cp $here/HEARTBEAT.md /root/openclaw-clients/ross/workspace/HEARTBEAT.md
chown -R $(($1 + 1000)):$(($1 + 1000)) /root/openclaw-clients/*/workspace
chmod 0600 /root/openclaw-clients/ross/workspace/HEARTBEAT.md
for bot in john ross; do (cd /root/openclaw-clients/$bot && docker compose --progress quiet up -d); done
