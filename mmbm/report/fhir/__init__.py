"""The result of one case as FHIR R4 resources."""
