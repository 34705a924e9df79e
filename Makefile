# Everything is in dev.py (standard library only); arguments by ARGS="…".
.PHONY: demo test lab check bench lock
demo test lab check bench lock:
	@python3 dev.py $@ $(ARGS)
