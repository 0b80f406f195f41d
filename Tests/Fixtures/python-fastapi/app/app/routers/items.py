from fastapi import APIRouter

router = APIRouter(prefix="/items")


@router.get("/")
def items() -> list[str]:
    return ["hello"]
