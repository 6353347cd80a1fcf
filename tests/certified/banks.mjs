// Two banks by the certified oidc-provider in one process, as different as configuration makes them.
// Argument: the portal's address. Prints {"es": issuer, "rs": issuer} when both answer.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const portal = process.argv[2];
const people = {
  anna: { name: 'Anna Ozoliņa', personal_code: '120365-11114', country: 'LV' },
  viktors: { name: 'Viktors Petrovs', personal_code: '020140-00020', country: 'LV' },
};
const STRONG = 'urn:demo:substantial', WEAK = 'urn:demo:low';
const pair = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' });
const BANKS = {
  es: { key: pair('ec', { namedCurve: 'P-256' }), alg: 'ES256', id: 'portal', secret: 'no secret', inToken: true },
  rs: { key: pair('rsa', { modulusLength: 2048 }), alg: 'RS256', id: 'portal:rs', secret: 's3cret:+/ %', inToken: false },
};

function provider(name, issuer) {
  const bank = BANKS[name];
  return new Provider(issuer, {
    clients: [{
      client_id: bank.id, client_secret: bank.secret, id_token_signed_response_alg: bank.alg,
      redirect_uris: [`${portal}/login/bank/${name}/return`], post_logout_redirect_uris: [`${portal}/signed-out`],
      backchannel_logout_uri: `${portal}/login/bank/${name}/logout`, backchannel_logout_session_required: true,
    }],
    jwks: { keys: [{ ...bank.key, kid: name, use: 'sig', alg: bank.alg }] },
    acrValues: [STRONG, WEAK],
    claims: { openid: ['sub'], profile: ['name', 'personal_code', 'country'], acr: null, sid: null, auth_time: null },
    conformIdTokenClaims: !bank.inToken,
    cookies: { keys: [bank.secret] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true }, claimsParameter: { enabled: true } },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // the portal is on this machine, which it refuses
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
}

async function interaction(bank, request, response) {
  if (request.method === 'GET') {
    const buttons = Object.entries(people).map(([id, { name }]) => `<button name="person" value="${id}">${name}</button>`);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<form method="post">${buttons.join('')}<button name="weak" value="anna">Weak</button><button name="cancel" value="1">Cancel</button></form>`);
    return;
  }
  let body = '';
  for await (const part of request) body += part;
  const form = new URLSearchParams(body), accountId = form.get('person') ?? form.get('weak');
  const login = accountId && { accountId, acr: form.has('weak') ? WEAK : STRONG };
  await bank.interactionFinished(request, response, login ? { login } : { error: 'access_denied' });
}

const issuers = {};
for (const name of Object.keys(BANKS)) {
  const server = createServer();
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  issuers[name] = `http://localhost:${server.address().port}`;
  const bank = provider(name, issuers[name]), answer = bank.callback();
  server.on('request', (request, response) => (request.url.startsWith('/interaction/') ? interaction(bank, request, response) : answer(request, response)));
}
console.log(JSON.stringify(issuers));
