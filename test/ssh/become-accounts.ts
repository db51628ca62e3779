/** The password of the accounts that need one for sudo. */
export const password = 'pa$$ word%s "q" \\ 1';

/** The password of root, for su. */
export const rootPassword = 'r"o $o %t';

/** Creates `coach`, which may become anybody with a password, `free`, without one, and `mixed`, only root with one; root's key logs in to all. */
export const accounts = `set -e
for u in coach free mixed app; do
  useradd -m -s /bin/bash $u
  mkdir -p /home/$u/.ssh; cp /root/.ssh/authorized_keys /home/$u/.ssh/; chown -R $u: /home/$u/.ssh; chmod 700 /home/$u/.ssh
done
printf '%s\\n' 'coach:${password}' 'mixed:${password}' 'root:${rootPassword}' | chpasswd -c SHA256 -s 1000
printf '%s\\n' 'coach ALL=(ALL) ALL' 'free ALL=(ALL) NOPASSWD: ALL' 'mixed ALL=(root) ALL' 'mixed ALL=(app) NOPASSWD: ALL' >/etc/sudoers.d/heal-test
chmod 440 /etc/sudoers.d/heal-test
`;

/** What an account does as itself, as root and as another. */
export const tasks = [
  { name: 'Root', command: { cmd: 'id -un', readonly: true }, become: true, register: 'root' },
  { name: 'Another account', command: { cmd: 'id -un', readonly: true }, become_user: 'app', register: 'app' },
  { name: 'The login user', command: { cmd: 'id -un', readonly: true }, register: 'own' },
  { name: 'Not as another', command: { cmd: 'id -un', readonly: true }, become: false, register: 'not' },
  { name: 'Names', debug: { msg: 'as {{ root.stdout }} {{ app.stdout }} {{ own.stdout }} {{ not.stdout }}' } },
  { name: 'A file of root', copy: { content: 'secret\n', dest: '/etc/heal-test', mode: '0600' }, become: true },
  { name: 'A large file of root', copy: { src: 'large', dest: '/etc/heal-large' }, become: true },
  { name: 'A large file of another', copy: { src: 'large', dest: '/home/app/large' }, become_user: 'app' },
  { name: 'A tree of another', sync: { src: 'tree', dest: '/home/app/tree' }, become_user: 'app' },
  { name: 'A file of root, fetched', fetch: { src: '/etc/heal-test', dest: 'fetched/test' }, become: true },
];
