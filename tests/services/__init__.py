"""Fakes of the real services, written from their documents: a loopback server each.

One file a service, named as its adapter (`tests/services/fal.py`), with

    class FalFake(FakeService):
        keys: ClassVar = {"FAL_KEY": "Authorization: Key {}"}    # what must be sent, and where

        @route("POST", "/{model...}", kind="submit")   # `{x}` one segment, `{x...}` several
        def submit(self, ask: Ask) -> Answer:
            if "prompt" not in ask.json:
                return Answer(422, {"detail": "prompt is missing"})
            job = self.charge(ask.json, model=ask.path_args["model"])
            return Answer(200, {"request_id": job.id, "status_url": f"{self.url}/…"})

        @route("GET", "/…/requests/{id}/status", kind="poll")
        def status(self, ask: Ask) -> Answer:
            state = self.look(ask.path_args["id"]).state    # queued, running, succeeded, …

    CASES = [Case(model="fal/…", params={"duration_s": 5}, fake=FalFake, lists=False)]

`_server.FakeService` does the rest: keys are checked, every request is kept with its headers,
`charge` writes the ledger, a fault asked for by `wrong("submit", "lose")` happens at the next
request of that kind, jobs end after `num_polls` looks, and results are real small files.
`CASES` is all that is needed to be in the contract suite (`tests/test_services_contract.py`).
"""
