WSGI_APPLICATION = "shop.wsgi.application"
STATIC_ROOT = "static"
