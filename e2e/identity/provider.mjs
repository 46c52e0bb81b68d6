// A certified OpenID provider on a loopback port: client credentials tokens as JWTs with Kibana's privileges in a claim.
// Its keys are named by numbers and change while it runs; PUT on the control port says which it publishes and uses.
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';

const audience = 'urn:casegate:kibana';
const scope = 'attach';
const privileges = [{ base: [], feature: { generalCasesV3: ['all'] }, spaces: ['*'] }];

const keys = new Map();

// key gives the private key of a number, made at its first use.
function key(number) {
  if (!keys.has(number)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    keys.set(number, { ...privateKey.export({ format: 'jwk' }), kid: `key-${number}`, use: 'sig', alg: 'RS256' });
  }
  return keys.get(number);
}

// A provider's keys are fixed when it is made, so that a change of keys is a restart. The port stays open meanwhile, and
// nothing is lost: clients are in the configuration and tokens are not stored.
function provide(issuer, numbers) {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'uploader',
      client_secret: 'a secret that only this test knows',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    }],
    jwks: { keys: numbers.map(key) },
    cookies: { keys: ['no cookie is ever set'] },
    extraTokenClaims: () => ({ kibana: privileges }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope, audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  // The first key of the set signs.
  return provider.callback();
}

let serve;
const fetches = { discovery: 0, keys: 0, tokens: 0 };
const counted = { '/.well-known/openid-configuration': 'discovery', '/jwks': 'keys', '/token': 'tokens' };

const server = http.createServer((request, response) => {
  if (counted[request.url]) fetches[counted[request.url]] += 1;
  serve(request, response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
serve = provide(issuer, [1]);

const control = http.createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => { text += chunk; });
  request.on('end', () => {
    // A list of numbers: the keys from now on, the one that signs first.
    if (request.method === 'PUT') serve = provide(issuer, JSON.parse(text));
    response.end(JSON.stringify(fetches));
  });
});
await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
console.log(JSON.stringify({ issuer, control: `http://127.0.0.1:${control.address().port}` }));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
