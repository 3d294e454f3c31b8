// The list of all sessions: its order, its pages, its filter.

import assert from 'node:assert/strict';
import { WRONG_SORT_KEY, assertPage, assertRefused, searchedFields, wrongQuery, wrongSort } from '../expect.mjs';
import { check } from '../harness.mjs';
import { call, refusal } from '../wire.mjs';
import { admin, listAll, names, order, rows, user } from './scene.mjs';

export async function sorting() {
  await check('without sort, with an empty one and with {} the newest comes first', async () => {
    for (const sort of [undefined, '', {}]) {
      assert.deepEqual(await order({ sort }), ['desktop', 'mac', 'phone', 'firefox'], JSON.stringify(sort));
    }
  });

  await check('sort by loginAt and by device.name goes both ways', async () => {
    assert.deepEqual(await order({ sort: { loginAt: 1 } }), ['firefox', 'phone', 'mac', 'desktop']);
    assert.deepEqual(await order({ sort: { loginAt: -1 } }), ['desktop', 'mac', 'phone', 'firefox']);
    assert.deepEqual(await order({ sort: { 'device.name': 1 } }), ['mac', 'firefox', 'phone', 'desktop']);
    assert.deepEqual(await order({ sort: { 'device.name': -1 } }), ['desktop', 'phone', 'firefox', 'mac']);
  });

  await check('sort by device.os.name goes by code point', async () => {
    // Linux, Mac OS, Ubuntu, android: what devices are called is no name of a person, and case is kept apart.
    assert.deepEqual(await order({ sort: { 'device.os.name': 1 } }), ['desktop', 'mac', 'firefox', 'phone']);
    assert.deepEqual(await order({ sort: { 'device.os.name': -1 } }), ['phone', 'firefox', 'mac', 'desktop']);
  });

  await check('a missing os version is lower than any, and ties go newest first whatever the direction', async () => {
    assert.deepEqual(await order({ sort: { 'device.os.version': 1 } }), ['desktop', 'firefox', 'mac', 'phone']);
    assert.deepEqual(await order({ sort: { 'device.os.version': -1 } }), ['phone', 'mac', 'desktop', 'firefox']);
    for (const sort of [{ '_user.username': 1 }, { '_user.username': -1 }, { '_user.name': 1 }]) {
      assert.deepEqual(await order({ sort }), ['desktop', 'mac', 'phone', 'firefox'], JSON.stringify(sort));
    }
  });

  await check('of several sort keys the first is the strongest', async () => {
    assert.deepEqual(await order({ sort: { '_user.username': 1, loginAt: 1 } }), ['firefox', 'phone', 'mac', 'desktop']);
    const versionThenName = { 'device.os.version': -1, 'device.name': 1 };
    assert.deepEqual(await order({ sort: versionThenName }), ['phone', 'mac', 'firefox', 'desktop']);
    const nameThenVersion = { 'device.name': 1, 'device.os.version': -1 };
    assert.deepEqual(await order({ sort: nameThenVersion }), ['mac', 'firefox', 'phone', 'desktop']);
  });

  await check('a sort that is no JSON object of 1 and -1 is refused in the exact words', async () => {
    for (const sort of ['garbage', '["loginAt"]', '1', '{"loginAt":2}', '{"loginAt":"1"}']) {
      assertRefused(await refusal(listAll({ sort })), wrongSort(sort), sort);
    }
  });

  await check('an unknown sort key is refused', async () => {
    for (const key of ['userId', 'device.type', 'LoginAt']) {
      assertRefused(await refusal(listAll({ sort: { [key]: 1 } })), WRONG_SORT_KEY, key);
    }
  });
}

export async function paging() {
  const page = (query) => listAll({ filter: user.username, ...query });

  await check('offset and count cut the sorted whole, and total stays', async () => {
    const sort = { 'device.name': 1 };
    const first = await page({ sort, count: 3 });
    assertPage(first, { count: 3, total: 4 });
    assert.deepEqual(names(first), ['mac', 'firefox', 'phone']);
    const second = await page({ sort, count: 3, offset: 3 });
    assertPage(second, { count: 3, offset: 3, total: 4 });
    assert.deepEqual(names(second), ['desktop']);
    const beyond = await page({ sort, offset: 50 });
    assertPage(beyond, { offset: 50, total: 4 });
    assert.deepEqual(names(beyond), []);
  });

  await check('pages of rows that tie do not overlap', async () => {
    const seen = [];
    for (const offset of [0, 1, 2, 3]) seen.push(...names(await page({ sort: { '_user.username': 1 }, count: 1, offset })));
    assert.deepEqual(seen, ['desktop', 'mac', 'phone', 'firefox']);
  });

  await check('count is 50 when it is 0, 100 when it is more, and cut to a whole number', async () => {
    assertPage(await page({ count: 0 }), { count: 50, total: 4 });
    assertPage(await page({ count: 100 }), { count: 100, total: 4 });
    assertPage(await page({ count: 101 }), { count: 100, total: 4 });
    assertPage(await page({ count: '1e9' }), { count: 100, total: 4 });
    assertPage(await page({ count: 2.9, offset: 1.9 }), { count: 2, offset: 1, total: 4 });
  });

  await check('a negative, empty, repeated or wordy count or offset is refused', async () => {
    for (const name of ['count', 'offset']) {
      assertRefused(await refusal(page({ [name]: -1 })), wrongQuery('must be >= 0'), `${name}=-1`);
      assertRefused(await refusal(page({ [name]: 'abc' })), wrongQuery('must be number'), `${name}=abc`);
      for (const odd of ['', 'NaN', ['1', '2']]) {
        const { status, body } = await refusal(page({ [name]: odd }));
        assert.deepEqual([status, body.errorType], [400, 'error-invalid-params'], `${name}=${JSON.stringify(odd)}`);
      }
    }
  });
}

export async function filtering() {
  const total = async (filter) => {
    const page = await listAll({ filter, count: 100 });
    assertPage(page, { count: 100 });
    return page.total;
  };
  // For filters that others' sessions may match too: every row on the page must have a field that explains it.
  const explained = async (filter, pattern = filter) => {
    const page = await listAll({ filter, count: 100 });
    assertPage(page, { count: 100 });
    for (const row of page.sessions) {
      const explains = (field) => field.toLowerCase().includes(filter.toLowerCase()) || patternFinds(pattern, field);
      assert.ok(searchedFields(row).some(explains), `${filter} should not have found ${JSON.stringify(row)}`);
    }
    return page.total;
  };

  await check('filter finds session ids, user ids and names in any case, each to the row', async () => {
    assert.deepEqual(names(await listAll({ filter: rows.firefox.sessionId })), ['firefox']);
    assert.equal(await total(user._id), 4);
    assert.equal(await total(`ACC ${user.tag}`.toUpperCase()), 4);
    assert.equal(await total(user.username.toUpperCase()), 4);
    assert.equal(await total(`${user.username}-nobody`), 0);
  });

  await check('filter finds systems, devices, device types, addresses and hosts', async () => {
    for (const text of ['uBuNtU', 'rc mobile', 'DESKTOP-APP', rows.phone.ip, rows.phone.host]) {
      assert.ok((await explained(text)) >= 1, text);
    }
  });

  await check('each field stands alone', async () => {
    assert.equal(await total(`${user.username} Acc ${user.tag}`), 0);
    assert.equal(await total(`${user.username}Acc ${user.tag}`), 0);
  });

  await check('an empty filter is none, and a plus sign means a space', async () => {
    assert.ok((await total('')) >= 5, 'the user’s four and the administrator’s one');
    const { body } = await call('GET', `sessions/list.all?filter=Acc+${user.tag}`, { session: admin });
    assertPage(body, { total: 4 });
  });

  await check('filter is also a regular expression: anchors and alternatives', async () => {
    assert.equal(await total(`^acc ${user.tag}`), 4);
    assert.equal(await total(`^${user.tag}`), 0, 'the tag is inside the name, not at its start');
    assert.equal(await total(`${rows.firefox.sessionId}|${rows.mac.sessionId}`), 2);
    assert.ok((await explained('^Acc')) >= 4);
    assert.ok((await explained('chrome|firefox')) >= 2);
  });

  await check('a broken expression is taken literally, never refused', async () => {
    assert.equal(await total(`${user.tag} [`), 4, 'the name holds this very text');
    assert.equal(await total(`${user.tag} [b`), 0);
    assert.equal(await total(`${user.tag} (`), 0);
    await explained('[');
  });

  await check('a hostile expression is answered like any other', async () => {
    const began = Date.now();
    // The name goes on with forty times `a` and ends in `!`: a backtracking engine would try 2^40 ways.
    assert.equal(await total(`${user.tag} \\[(a+)+$`), 0);
    assert.equal(await total(`${user.tag} \\[(a+)+!$`), 4);
    await explained('(a+)+$', 'a$'); // the same set; JavaScript's own engine backtracks
    assert.ok(Date.now() - began < 5_000, `three lists took ${Date.now() - began} ms`);
  });

  await check('a filter of 256 characters is read, one more is refused', async () => {
    assert.equal(await total('x'.repeat(256)), 0);
    const { status, body } = await refusal(listAll({ filter: 'x'.repeat(257) }));
    assert.deepEqual([status, body.errorType], [400, 'error-invalid-params']);
  });
}

// A pattern that does not compile finds nothing.
function patternFinds(pattern, field) {
  try {
    return new RegExp(pattern, 'iu').test(field);
  } catch {
    return false;
  }
}
