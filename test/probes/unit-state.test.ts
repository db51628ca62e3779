import { describe, expect, test } from 'vitest';
import { missingLinks, overlooked } from '../../src/probes/unit-files.ts';
import { fullName, milliseconds, readUnits, type Unit } from '../../src/probes/unit-state.ts';

/** As systemd 257 printed it for `systemctl show -p ... -- nope.service sshd.service`. */
const shown = `Type=
Restart=
Id=nope.service
Names=nope.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
NeedDaemonReload=no
StartLimitIntervalUSec=10s
StartLimitBurst=5

Type=notify
Restart=on-failure
RestartUSec=100ms
NRestarts=0
MainPID=87
ExecMainStartTimestampMonotonic=113412
Id=ssh.service
Names=ssh.service sshd.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/usr/lib/systemd/system/ssh.service
UnitFileState=enabled
ActiveEnterTimestampMonotonic=2000000
NeedDaemonReload=yes
CanReload=yes
Result=success
InvocationID=a23b4d6fda5c4aa29cd17d2ea1a1b41d
StartLimitIntervalUSec=infinity
StartLimitBurst=5
`;

describe('what systemctl show prints', () => {
  test('an alias finds its unit, a missing unit is absent', () => {
    const units = readUnits(shown, ['nope.service', 'sshd.service', 'ssh.service'], 12.5);
    expect(units.get('nope.service')).toEqual({ kind: 'absent' });
    expect(units.get('sshd.service')).toEqual(units.get('ssh.service'));
    expect(units.get('ssh.service')).toMatchObject({
      value: {
        id: 'ssh.service',
        needDaemonReload: true,
        canReload: true,
        restartMs: 100,
        run: { mainPid: 87, activeFor: 10.5, invocationId: 'a23b4d6fda5c4aa29cd17d2ea1a1b41d' },
      },
    });
  });

  test('a unit whose file was removed but that has failed exists', () => {
    const units = readUnits(shown.replace('ActiveState=inactive', 'ActiveState=failed'), ['nope.service']);
    expect(units.get('nope.service')).toMatchObject({ kind: 'present', value: { loadState: 'not-found' } });
  });

  test('a unit that systemctl left out has no answer', () => {
    expect(readUnits(shown, ['other.service']).has('other.service')).toBe(false);
  });

  test.each([
    ['100ms', 100], ['5min 30s', 330_000], ['1.5s', 1500], ['infinity', undefined], ['', undefined], ['0', 0], ['1w 2d', 777_600_000],
  ])('%s is %s ms', (text, ms) => {
    expect(milliseconds(text)).toBe(ms);
  }); // biome-ignore format: a table

  test.each([
    ['a', 'a.service'],
    ['a.b', 'a.b.service'],
    ['a.timer', 'a.timer'],
    ['x@1', 'x@1.service'],
  ])('%s is %s', (name, full) => {
    expect(fullName(name)).toBe(full);
  });
});

describe('files that the manager overlooked', () => {
  const unit = (more: Partial<Unit>): Unit => ({
    id: 'a.service', names: ['a.service'], loadState: 'loaded', activeState: 'active', unitFileState: 'enabled',
    fragmentPath: '/usr/lib/systemd/system/a.service', dropInPaths: ['/usr/lib/systemd/system/a.service.d/x.conf'],
    needDaemonReload: false, canReload: false, type: '', remainAfterExit: false, restart: '', startLimitBurst: 5, ...more,
  }); // biome-ignore format: a table
  const etc = '/etc/systemd/system';
  test.each<[string, string, boolean]>([
    ['nothing new', '', false],
    ['a known drop-in', 'conf /lib/systemd/system/a.service.d/x.conf', false],
    ['a new drop-in', `conf ${etc}/a.service.d/heal.conf`, true],
    ['an empty one', `none ${etc}/a.service.d/heal.conf`, false],
    [
      'one that is disabled by a stronger one',
      `none ${etc}/a.service.d/y.conf\nconf /usr/lib/systemd/system/a.service.d/y.conf`,
      false,
    ],
    [
      "a file of the owner's before the vendor's",
      `unit ${etc}/a.service\nunit /usr/lib/systemd/system/a.service`,
      true,
    ],
    ["the vendor's own", 'unit /usr/lib/systemd/system/a.service', false],
    ['that of another unit', `unit ${etc}/b.service\nconf ${etc}/b.service.d/z.conf`, false],
  ])('%s', (_name, listed, expected) => {
    expect(overlooked(unit({}), 'a.service', listed)).toBe(expected);
  });

  test.each<[string, string, readonly string[]]>([
    ['all links', 'inst WantedBy=b.target\nwant /etc/x/b.target.wants/a.service', []],
    ['one of two links', 'inst WantedBy=b.target c.target\nwant /etc/x/b.target.wants/a.service', ['c.target.wants']],
    ['another kind of link', 'inst RequiredBy = b.target\nwant /etc/x/b.target.wants/a.service', ['b.target.requires']],
    ['an emptied list', 'inst WantedBy=b.target\ninst WantedBy=', []],
    ['targets that only systemd can tell', 'inst WantedBy=%i.target', []],
    ['the section of a weaker file', 'unit /lib/x/a.service\ninst WantedBy=b.target', []],
  ])('%s', (_name, listed, expected) => {
    expect(missingLinks(unit({}), 'a.service', `unit ${etc}/a.service\n${listed}`)).toEqual(expected);
    expect(missingLinks(unit({ unitFileState: 'disabled' }), 'a.service', `unit ${etc}/a.service\n${listed}`)).toEqual(
      [],
    );
  });
});
