"""promptgrid: text-to-video prompt A/B experiments in notebooks."""
