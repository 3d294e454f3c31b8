// The console's pages: where each is, who is offered it, and what loads it.

import type { Component } from 'svelte';
import type { Key } from '../lib/text/text';

export interface Page {
  path: string;
  title: Key;
  /** The permission without which it is not offered; `undefined` for everybody's. */
  needs?: string;
  load: () => Promise<{ default: Component }>;
  /** Whether it stands in the navigation. */
  listed: boolean;
}

export const PAGES: readonly Page[] = [
  {
    path: '/sessions',
    title: 'page.sessions',
    needs: 'view-device-management',
    load: () => import('./sessions/Sessions.svelte'),
    listed: true,
  },
  {
    path: '/overview',
    title: 'page.overview',
    needs: 'view-statistics',
    load: () => import('./overview/Overview.svelte'),
    listed: true,
  },
  {
    path: '/past',
    title: 'page.past',
    needs: 'view-statistics',
    load: () => import('./past/TimeMachine.svelte'),
    listed: true,
  },
  {
    path: '/people',
    title: 'page.people',
    needs: 'view-full-other-user-info',
    load: () => import('./people/People.svelte'),
    listed: true,
  },
  {
    path: '/audit',
    title: 'page.audit',
    needs: 'view-audit',
    load: () => import('./audit/Audit.svelte'),
    listed: true,
  },
  {
    path: '/service-tokens',
    title: 'page.serviceTokens',
    needs: 'manage-service-tokens',
    load: () => import('./service-tokens/ServiceTokens.svelte'),
    listed: true,
  },
  { path: '/devices', title: 'page.devices', load: () => import('./devices/Devices.svelte'), listed: true },
  { path: '/account', title: 'page.account', load: () => import('./account/Account.svelte'), listed: true },
];

/** The page at a path: its own, or the longest one above it, so that `/people/ID` is the people's page. */
export function pageAt(path: string): Page | undefined {
  return PAGES.find((page) => path === page.path || path.startsWith(`${page.path}/`));
}
