"""What a link in the course stands for: placing it by deep linking, and where it leads.

- *The picker:* `views`; `choices` (what there is), `forms` (the form, read and written), `offers`
  (what was chosen), `placing` (the answer to the LMS), `zones`.
- *What stands:* `catalogue`, `settings_views`, `lms_dates` (from the LMS), `destinations` (where a
  launch goes).
- *Copied courses:* `repair_views`, `repair` (a link that leads nowhere), `copied_views` (a course
  whose tab alone came along), `origins` (whose course it was), `copying`.
"""
