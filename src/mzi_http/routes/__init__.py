"""What is served where: each file has the endpoints of one subject, and declares them for the document."""
