from litestar import Litestar, get


@get("/")
async def index() -> str:
    return "notes"


app = Litestar([index])
