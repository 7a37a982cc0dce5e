"""Takes the client's requests to the functions as API Gateway does."""

import httpx

from tests.functional.world import World

NOT_FOR_FUNCTIONS = {"host", "accept-encoding", "connection", "content-length"}


def in_process(world: World) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        call = {"GET": world.get, "POST": world.post, "PUT": world.put}[request.method]
        found = call(
            request.url.path,
            body=request.content.decode() or None,
            query=dict(request.url.params),
            headers={
                name: value
                for name, value in request.headers.items()
                if name not in NOT_FOR_FUNCTIONS
            },
        )
        return httpx.Response(found.status, content=found.content, headers=found.headers)

    return httpx.MockTransport(answer)
