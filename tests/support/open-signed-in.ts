import { APP_KEY, type TestApp } from './create-test-app.ts';

const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

/** A page of the dashboard as a browser gets it that signed in with this key. Default: the owner's. */
export async function openSignedIn(app: TestApp, path: string, key: string = APP_KEY) {
  const body = new URLSearchParams({ key });
  const signIn = await app.request('/sign-in', { method: 'POST', headers: OWN_PAGE, body });
  const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const page = await app.request(path, { headers: { ...OWN_PAGE, cookie } });
  return page.text();
}
