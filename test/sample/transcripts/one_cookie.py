"""The transcripts of mode ONE-COOKIE."""

from cookie_session import plays
from transcript import BASE, BOB, BOB_CLAIM, are_claims, decode

sess = plays({'csrftoken', 'jwt_access', 'jwt_refresh'}, 'jwt_access', BOB)

are_claims(decode(sess.cookies['jwt_access']), BOB_CLAIM)
are_claims(sess.get(f'{BASE}/testapp/claims/').json(), BOB_CLAIM)
