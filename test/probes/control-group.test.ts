import { describe, expect, test } from 'vitest';
import { belowFirst, groupPath, isContainerised, unitOf } from '../../src/probes/control-group.ts';

const id = '4f3c'.repeat(16);

describe('control groups', () => {
  test.each([
    ['0::/system.slice/cron.service\n', '/system.slice/cron.service'],
    ['12:cpu:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n', '/system.slice/cron.service'],
    ['1:name=systemd:/system.slice/a:b.service\n', '/system.slice/a:b.service'],
    ['', '/'],
  ])('the path in %j', (text, path) => {
    expect(groupPath(text)).toBe(path);
  });

  test.each([
    ['/system.slice/cron.service', '/init.scope', '/system.slice/cron.service'],
    [
      '/machine.slice/machine-jack.scope/payload/system.slice/cron.service',
      '/machine.slice/machine-jack.scope/payload/init.scope',
      '/system.slice/cron.service',
    ],
    [`/docker/${id}/x`, `/docker/${id}`, '/x'],
    ['/system.slice/cron.service', '/', '/system.slice/cron.service'],
    ['/other', '/machine.slice/a/init.scope', '/other'],
  ])('%s below the first process in %s is %s', (path, first, below) => {
    expect(belowFirst(path, first)).toBe(below);
  });

  test.each([
    [`/system.slice/docker-${id}.scope`, 'node', true],
    [`/docker/${id}`, 'node', true],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope`, 'node', true],
    [`/machine.slice/libpod-${id}.scope/container`, 'node', true],
    [`/kubepods.slice/kubepods-burstable.slice/cri-containerd-${id}.scope`, 'node', true],
    ['/lxc.payload.web/system.slice/x.service', 'node', true],
    ['/machine.slice/systemd-nspawn@web.service/payload/system.slice/x.service', 'node', true],
    ['/system.slice/docker.service', 'docker-proxy', true],
    ['/system.slice/docker.service', 'dockerd', false],
    ['/system.slice/openclaw-jack.service', 'openclaw-gatewa', false],
    ['/user.slice/user-0.slice/session-3.scope', 'node', false],
    ['/user.slice/user-0.slice/user@0.service/app.slice/openclaw-gateway.service', 'node', false],
  ])('%s %s: in a container %s', (path, comm, contained) => {
    expect(isContainerised(path, comm)).toBe(contained);
  });

  test.each([
    ['/system.slice/cron.service', { unit: 'cron.service', scope: 'system' }],
    ['/system.slice/jack.service/inner.scope', { unit: 'jack.service', scope: 'system' }],
    ['/user.slice/user-0.slice/session-3.scope', { unit: 'session-3.scope', scope: 'system' }],
    ['/user.slice/user-0.slice/user@0.service/app.slice/gateway.service', { unit: 'gateway.service', scope: 'user' }],
    ['/user.slice/user-0.slice/user@0.service', { unit: 'user@0.service', scope: 'system' }],
    ['/', {}],
  ])('the unit of %s', (path, unit) => {
    expect(unitOf(path)).toEqual(unit);
  });
});
