"""The transcripts that both cookie modes share."""

import requests

from transcript import ALICE, BASE, REFERER, REFRESH, answers


def login(names, user=ALICE):
    """Signs in over HTTPS with nothing but the credentials, as the documentation does."""
    sess = requests.Session()
    sess.verify = False  # For testing locally
    r = sess.post(f'{BASE}/login/', data=user)
    answers(r, 200, {'msg': 'Tokens successfully created.'})
    assert 'access' not in r.json() and 'refresh' not in r.json(), r.text
    assert {cookie.name for cookie in sess.cookies} == names, sess.cookies
    sess.headers.update({'X-CSRFToken': sess.cookies['csrftoken']})
    return sess


def validates(names):
    sess = login(names)
    r = sess.post(f'{BASE}/validate_access/', headers={'REFERER': BASE})
    answers(r, 200, {'msg': 'Token is valid'})
    r = sess.post(f'{BASE}/api/token/refresh/validate_refresh/', headers={'REFERER': BASE}, data={'jwt_type': 'refresh'})
    answers(r, 200, {'msg': 'Token is valid'})

    # The Referer and the header are mandatory.
    r = sess.post(f'{BASE}/validate_access/')
    answers(r, 403, {'code': 'csrf_origin'})
    r = sess.post(f'{BASE}/validate_access/', headers={'REFERER': BASE, 'X-CSRFToken': None})
    answers(r, 403, {'code': 'csrf_missing'})


def refreshes(names):
    sess = login(names)
    before = {cookie.name: cookie.value for cookie in sess.cookies}
    r = sess.post(f'{BASE}/api/token/refresh/refresh_access/', headers=REFERER, data=REFRESH)
    answers(r, 200, {'msg': 'Access token successfully refreshed.'})
    # The first refresh after a login always replaces the refresh token.
    refreshed = {cookie.name: cookie.value for cookie in sess.cookies}
    changed = {name for name in names if before[name] != refreshed[name]}
    assert changed == names - {'csrftoken'}, f'only {changed} have changed'
    r = sess.post(f'{BASE}/api/token/refresh/update_refresh/', headers=REFERER, data=REFRESH)
    answers(r, 200, {'msg': 'Refresh token successfully updated.'})
    after = {cookie.name: cookie.value for cookie in sess.cookies}
    assert set(after) == names
    changed = {name for name in names if before[name] != after[name]}
    assert changed == names - {'csrftoken'}, f'only {changed} have changed'
    r = sess.get(f'{BASE}/testapp/protect/')
    assert r.content == b'worked!'


def logs_out(names, access_cookie):
    sess = login(names)
    saved = {cookie.name: cookie.value for cookie in sess.cookies}
    r = sess.post(f'{BASE}/api/token/refresh/logout/', headers={'REFERER': BASE}, data={'jwt_type': 'refresh'})
    answers(r, 200, {'msg': 'Token successfully blacklisted.'})
    assert not sess.cookies, sess.cookies
    r = sess.delete(f'{BASE}/api/token/refresh/logout/', headers={'REFERER': BASE}, data={'jwt_type': 'refresh'})
    answers(r, 200, {'msg': 'Tokens successfully deleted.'})

    # djwto's POST left the cookies; here they are gone.
    for endpoint in ('update_refresh', 'refresh_access'):
        r = sess.post(f'{BASE}/api/token/refresh/{endpoint}/', headers=REFERER, data=REFRESH)
        answers(r, 401, {'error': 'Cookie "jwt_refresh" cannot be empty.', 'code': 'token_missing'})
    r = sess.get(f'{BASE}/testapp/protect/')
    answers(r, 401, {'error': f'Cookie "{access_cookie}" cannot be empty.', 'code': 'token_missing'})

    # Whoever kept them is told what djwto tells.
    thief = requests.Session()
    thief.headers.update({'X-CSRFToken': saved['csrftoken']})
    r = thief.post(f'{BASE}/api/token/refresh/update_refresh/', headers=REFERER, data=REFRESH, cookies=saved)
    answers(r, 401, {'error': "Can't update refresh token.", 'code': 'token_revoked'})
    r = thief.post(f'{BASE}/api/token/refresh/refresh_access/', headers=REFERER, data=REFRESH, cookies=saved)
    answers(r, 401, {'error': "Can't update access token.", 'code': 'token_revoked'})
    r = thief.get(f'{BASE}/testapp/protect/', cookies=saved)
    answers(r, 401, {'code': 'token_revoked'})
    r = thief.post(f'{BASE}/api/token/refresh/logout/', headers=REFERER, data=REFRESH, cookies=saved)
    answers(r, 409, {'error': 'Input jti token is already blacklisted.'})


def protects_views(names, access_cookie, permitted):
    r = requests.get(f'{BASE}/testapp/protect/')
    answers(r, 401, {'error': f'Cookie "{access_cookie}" cannot be empty.'})
    sess = login(names)
    r = sess.get(f'{BASE}/testapp/protect/')
    assert r.content == b'worked!'
    r = sess.post(f'{BASE}/testapp/protect/', headers=REFERER)
    assert r.content == b'worked!'
    r = sess.post(f'{BASE}/testapp/protect/', headers={**REFERER, 'X-CSRFToken': None})
    answers(r, 403, {'code': 'csrf_missing'})
    r = sess.get(f'{BASE}/testapp/perms_protect/')
    answers(r, 403, {'error': 'Invalid permissions for jwt token.'})

    sess = login(names, permitted)
    r = sess.get(f'{BASE}/testapp/perms_protect/')
    assert r.content == b'perms also worked!'
    return sess


def plays(names, access_cookie, permitted):
    validates(names)
    refreshes(names)
    logs_out(names, access_cookie)
    return protects_views(names, access_cookie, permitted)
