"""What is needed of Moodle 4.5, a protocol for each capability."""
