# Everything is in dev.py (standard library only); arguments by ARGS="…".
.PHONY: demo test lab check bench storm soak oracles lock
demo test lab check bench storm soak oracles lock:
	@python3 dev.py $@ $(ARGS)
