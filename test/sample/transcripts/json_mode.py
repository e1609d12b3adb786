"""The transcripts of mode JSON."""

import requests

from transcript import ALICE, ALICE_CLAIM, BASE, BOB, REFERER, answers, are_claims, decode


def are_tokens(response):
    assert response.status_code == 200, response.text
    tokens = response.json()
    assert set(tokens) >= {'refresh', 'access'}, tokens
    are_claims(decode(tokens['access']), ALICE_CLAIM)
    are_claims(decode(tokens['refresh']), ALICE_CLAIM, 'refresh')
    assert 'refresh_iat' not in decode(tokens['refresh'])
    return tokens


def login():
    sess = requests.Session()
    sess.verify = False  # For testing locally
    r = sess.post(f'{BASE}/login/', data=ALICE)
    claims = decode(are_tokens(r)['access'])
    assert claims['refresh_iat'] == claims['iat']
    assert not sess.cookies
    return sess, r


# /validate_access/
sess, r = login()
sess.headers.update({'AUTHORIZATION': f'Bearer {r.json()["access"]}'})
r = sess.post(f'{BASE}/validate_access/')
answers(r, 200, {'msg': 'Token is valid'})

# The protected views, by Bearer
r = sess.get(f'{BASE}/testapp/protect/')
assert r.content == b'worked!'
r = sess.post(f'{BASE}/testapp/protect/')
assert r.content == b'worked!'
r = sess.get(f'{BASE}/testapp/perms_protect/')
answers(r, 403, {'error': 'Invalid permissions for jwt token.'})
r = requests.get(f'{BASE}/testapp/protect/')
answers(r, 401, {'error': 'Token not found in "Authorization" header.'})

r = requests.post(f'{BASE}/login/', data=BOB)
r = requests.get(f'{BASE}/testapp/perms_protect/', headers={'AUTHORIZATION': f'Bearer {r.json()["access"]}'})
assert r.content == b'perms also worked!'

# /validate_refresh/
sess, r = login()
sess.headers.update({'AUTHORIZATION': f'Bearer {r.json()["refresh"]}'})
r = sess.post(f'{BASE}/api/token/refresh/validate_refresh/', data={'jwt_type': 'refresh'})
answers(r, 200, {'msg': 'Token is valid'})

# /refresh_access/
sess, r = login()
sess.headers.update({'AUTHORIZATION': f'Bearer {r.json()["refresh"]}'})
r = sess.post(f'{BASE}/api/token/refresh/refresh_access/', headers=REFERER)
are_tokens(r)

# /update_refresh/
sess, r = login()
sess.headers.update({'AUTHORIZATION': f'Bearer {r.json()["refresh"]}'})
r = sess.post(f'{BASE}/api/token/refresh/update_refresh/')
are_tokens(r)

# /logout/
sess, r = login()
access = {'AUTHORIZATION': f'Bearer {r.json()["access"]}'}
sess.headers.update({'AUTHORIZATION': f'Bearer {r.json()["refresh"]}'})
r = sess.post(f'{BASE}/api/token/refresh/logout/')
answers(r, 200, {'msg': 'Token successfully blacklisted.'})

# After it both refreshes fail, and the access token with them
r = sess.post(f'{BASE}/api/token/refresh/update_refresh/', headers=REFERER, data={'jwt_type': 'refresh'})
answers(r, 401, {'error': "Can't update refresh token.", 'code': 'token_revoked'})
r = sess.post(f'{BASE}/api/token/refresh/refresh_access/', headers=REFERER, data={'jwt_type': 'refresh'})
answers(r, 401, {'error': "Can't update access token.", 'code': 'token_revoked'})
r = requests.get(f'{BASE}/testapp/protect/', headers=access)
answers(r, 401, {'code': 'token_revoked'})
r = sess.post(f'{BASE}/api/token/refresh/logout/')
answers(r, 409, {'error': 'Input jti token is already blacklisted.'})
r = sess.delete(f'{BASE}/api/token/refresh/logout/')
assert (r.status_code, r.content) == (204, b''), r.text
