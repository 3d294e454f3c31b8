-- Every start asks who has factors: they are few, and found without a look at each user.

CREATE INDEX users_by_mail_factor ON users (user_no) WHERE wants_mail;
