"""Asks the installed Django: JSON in, JSON out. Its middleware is called as it stands, so that any version serves."""
import json
import sys

from django.conf import settings

settings.configure(ALLOWED_HOSTS=['*'], SECRET_KEY='x', CSRF_FAILURE_VIEW='__main__.refused')

from django.http import HttpResponse  # noqa: E402
from django.middleware.csrf import CsrfViewMiddleware, get_token  # noqa: E402
from django.test import RequestFactory  # noqa: E402

middleware = CsrfViewMiddleware(lambda request: HttpResponse())


def view(request):
    return HttpResponse()


def refused(request, reason=''):
    return HttpResponse(reason, status=403)


def request_with(cookie, header, field):
    headers = {} if header is None else {'HTTP_X_CSRFTOKEN': header}
    request = RequestFactory().post('/', {} if field is None else {'csrfmiddlewaretoken': field}, **headers)
    request.COOKIES['csrftoken'] = cookie
    middleware.process_request(request)
    return request


def accepts(case):
    request = request_with(case['cookie'], case.get('header'), case.get('field'))
    return middleware.process_view(request, view, (), {}) is None


asked = json.load(sys.stdin)
json.dump({
    'accepts': [accepts(case) for case in asked['cases']],
    'tokens': [get_token(request_with(asked['cookie'], None, None)) for _ in range(20)],
}, sys.stdout)
