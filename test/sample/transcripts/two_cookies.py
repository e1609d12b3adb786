"""The transcripts of mode TWO-COOKIES."""

import base64
import json

from cookie_session import login, plays
from transcript import ALICE_CLAIM, BASE, BOB, BOB_CLAIM, are_claims, decode

NAMES = {'csrftoken', 'jwt_access_payload', 'jwt_access_token', 'jwt_refresh'}


def is_payload(sess, user):
    """The page's copy of the claims, read as the documentation reads it."""
    text = base64.b64decode(sess.cookies['jwt_access_payload'])
    assert text.isascii()
    payload = json.loads(text)
    are_claims(payload, user)
    documented = ['aud', 'exp', 'iat', 'iss', 'jti', 'refresh_iat', 'sub', 'type', 'user']
    assert [name for name in payload if name in documented] == documented, list(payload)
    for keys in (list(payload), list(payload['user'])):
        assert keys == sorted(keys), keys
    assert payload == decode(sess.cookies['jwt_access_token'])
    assert payload == sess.get(f'{BASE}/testapp/claims/').json()


is_payload(login(NAMES), ALICE_CLAIM)
is_payload(plays(NAMES, 'jwt_access_token', BOB), BOB_CLAIM)
