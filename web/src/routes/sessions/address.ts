// Where one session is looked at: beside the list that it was found in.

import { link, router } from '../../lib/router.svelte';

export const HOME = '/sessions';

export const at = (id: string) => link(`${HOME}/${encodeURIComponent(id)}`, router.query);
