package refusal

// Code is one row of the table of refusal codes.
type Code struct {
	Status int
	Name   string
	// Meaning is a sentence for the documentation: what was wrong, and what the caller changes.
	Meaning string
}

// Codes is the table of all refusal codes, in the order of their statuses. docs/refusals.md is generated from it.
var Codes = []Code{
	{400, "path_ambiguous", "The path could be read as an upload in more than one way, or stands outside basePath: send the plain path."},
	{400, "xsrf_missing", "Neither kbn-xsrf nor kbn-version was sent: add one, with any value."},
	{400, "form_malformed", "The body is not one plain multipart/form-data form: the message names the place."},
	{400, "form_part_unexpected", "The form holds a part other than one file and at most one filename."},
	{400, "file_missing", "The form holds no part file with a filename."},
	{400, "filename_invalid", "The file's name is empty, too long, or holds characters that are not allowed: rename the file."},
	{400, "version_unsupported", "Elastic-Api-Version is not 2023-10-31."},
	{401, "token_missing", "No bearer token was sent."},
	{401, "token_malformed", "The token, or the way in which it was sent, is not well formed."},
	{401, "token_invalid", "The token's signature, issuer, audience or times are not accepted."},
	{401, "token_expired", "The token has expired: get a new one."},
	{401, "token_refused", "Kibana did not accept the credentials when it was asked for the case."},
	{403, "privilege_missing", "The caller may not attach files to this case, or to any case of this space."},
	{403, "blob_upload_refused", "Uploads through Kibana's files API are closed by the policy."},
	{404, "case_not_found", "Kibana knows no such case in this space."},
	{413, "file_too_large", "The file is larger than its type allows."},
	{413, "body_too_large", "The request is larger than any allowed file."},
	{415, "content_type", "Content-Type is not a plain multipart/form-data with one boundary."},
	{415, "content_encoding", "The body is compressed or otherwise encoded: send it as it is."},
	{415, "type_not_allowed", "The type that the file's name stands for is not in the allow list."},
	{415, "content_mismatch", "The content is not what the file's name says: attach it under its real name."},
	{415, "executable_content", "The file is, or holds, something that runs. Its name makes no difference."},
	{415, "active_content", "The file holds scripts, macros or references that load something."},
	{415, "archive_unsafe", "The archive can't be inspected within the limits, or could do harm when it is unpacked."},
	{415, "image_unsafe", "The image is damaged, or unpacks to more pixels than the limit."},
	{422, "malware_found", "The malware scanner found something."},
	{500, "internal", "The gate failed. Nothing was forwarded."},
	{502, "case_lookup_failed", "Kibana could not be asked for the case's owner, or gave an answer that makes no sense."},
	{503, "keys_unavailable", "The keys that tokens are signed with can't be had at the moment."},
	{503, "scanner_unavailable", "The malware scanner can't be reached at the moment."},
	{503, "storage_unavailable", "The gate can't hold the request at the moment: its temporary storage is full or not writable."},
	{503, "misconfigured", "The gate's configuration is faulty. Its faults are in the gateway's log."},
}

// statuses is the table by name.
var statuses = func() map[string]int {
	byName := make(map[string]int, len(Codes))
	for _, code := range Codes {
		byName[code.Name] = code.Status
	}
	return byName
}()
