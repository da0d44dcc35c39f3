"""Components: the steps of pipelines, run and recorded."""
