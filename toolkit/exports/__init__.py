"""What leaves the experiment: tables, report, client page, bundle, film."""
