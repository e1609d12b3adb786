"""What the transcripts of djwto's documentation have in common."""

import base64
import json
import os

BASE = os.environ['SAMPLE_URL']
ALICE = {'username': 'alice', 'password': 'pass'}
BOB = {'username': 'bob', 'password': 'pass'}
REFRESH = {'jwt_type': 'refresh'}
REFERER = {'REFERER': BASE}


def same_members(actual, documented):
    """The documented members are there with their values; further members are allowed."""
    if isinstance(documented, dict):
        assert isinstance(actual, dict), f'{actual!r} is no object'
        for name, value in documented.items():
            assert name in actual, f'{name} is missing in {actual!r}'
            same_members(actual[name], value)
    else:
        assert actual == documented, f'got {actual!r}, the documentation says {documented!r}'


def answers(response, status, documented):
    """The answer has this status and the documented members."""
    assert response.status_code == status, f'got {response.status_code}, not {status}: {response.text}'
    same_members(response.json(), documented)


def decode(token):
    """The claims of a token, unverified."""
    payload = token.split('.')[1]
    return json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))


def are_claims(claims, user, token_type='access'):
    """The claims that the documentation shows, with the lifetime of its example."""
    same_members(claims, {'aud': 'aud', 'iss': 'iss', 'sub': 'sub', 'type': token_type, 'user': user})
    for time in ('exp', 'iat'):
        assert type(claims[time]) is int, f'{time} is {claims[time]!r}'
    assert isinstance(claims['jti'], str) and claims['jti']
    if token_type == 'access':
        assert claims['refresh_iat'] <= claims['iat']
        assert claims['exp'] - claims['iat'] == 1624259339 - 1624229339


ALICE_CLAIM = {'email': 'alice@djwto.com', 'id': 1, 'perms': [], 'username': 'alice'}
BOB_CLAIM = {'email': 'bob@djwto.com', 'id': 2, 'perms': ['perm1'], 'username': 'bob'}
