import { runSync } from '../child.ts';

/** The login shells of the test. */
export const shells = ['bash', 'dash', 'zsh', 'fish', 'tcsh'];

/** Copies the login shells of this machine to a host, with the libraries that they need and the host may lack. */
export function giveShells(root: string): void {
  const files = `for s in ${shells.join(' ')}; do
    command -v $s || continue
    ldd "$(command -v $s)" | grep -o '/[^ ]*'
    dpkg -L $s $s-common
  done 2>/dev/null | sort -u | while read -r f; do [ ! -f "$f" ] || echo "$f"; done`;
  runSync('sh', ['-c', `${files} | tar -chf - -T - 2>/dev/null | tar -xf - --skip-old-files -C "$0"`, root]);
}

/** Creates an account with root's uid for each login shell, and output in each file that a login reads, in colour and without a final newline. */
export const noise = `
  for s in ${shells.join(' ')}; do
    useradd -o -u 0 -g 0 -M -d /home/loud-$s -s "$(command -v $s)" loud-$s
    mkdir -p /home/loud-$s/.config/fish; cp -a /root/.ssh /home/loud-$s/
    echo 'echo RC NOISE; printf "no newline"' >/home/loud-$s/.config/fish/config.fish
  done
  printf 'Banner /etc/issue.loud\\n' >/etc/ssh/sshd_config.d/loud.conf
  printf 'BANNER \\033[31m\\033]0;owned\\007 0123456789abcdef' >/etc/issue.loud; cp /etc/issue.loud /etc/motd
  for home in /root /home/loud-*; do for f in .bashrc .profile .zshenv .zshrc .cshrc .login; do
    printf 'echo RC NOISE; printf "\\\\033[2J\\\\033[1m no newline"\\n' >>$home/$f
  done; done
  printf 'echo RC NOISE; printf "\\\\033[2J\\\\033[1m no newline"\\n' >>/etc/profile.d/loud.sh
  systemctl reload ssh
`;
